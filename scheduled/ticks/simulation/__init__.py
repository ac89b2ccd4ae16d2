"""Ticks that leave no trace: previews and simulations."""
