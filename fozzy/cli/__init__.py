"""Words into one call, results into a screen."""
