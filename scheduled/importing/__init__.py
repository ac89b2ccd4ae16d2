"""What other schedulers were told to do, as jobs of ours."""
