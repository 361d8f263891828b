"""Review results, their public notice, and their filing (备案)."""
