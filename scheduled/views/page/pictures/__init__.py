"""What is drawn of a past: shapes in percent of the width, as plain values, and in which order."""
