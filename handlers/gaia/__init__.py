"""What GAIA's runtime does for the projects of its registry."""
