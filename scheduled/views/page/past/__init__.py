"""What the journal says of the last 24 hours, 7 and 30 days: of each job, so much as is drawn."""
