"""What people and machines look at: tables and JSON, built from the same rows."""
