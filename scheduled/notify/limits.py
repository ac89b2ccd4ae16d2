"""How long deliveries may take."""

MESSAGE_SECONDS = 10.0
"""What a message may take. After one that took longer, the channel waits for the next tick."""
CHANNEL_SECONDS = 30.0
"""What all messages of a channel may take in a tick."""
