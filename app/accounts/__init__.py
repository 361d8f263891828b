"""People, users and posts: who may act, for which body, in which region; sign-in; the blacklist."""
