"""Ticks without effects: previews and simulations."""
