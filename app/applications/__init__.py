"""The application (申报): its dossier, its way up and back, and every step it took."""
