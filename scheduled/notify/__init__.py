"""From events to messages, and from messages to the places where people read them."""
