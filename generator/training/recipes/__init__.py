"""Recipes: what is trained on which data with which numbers; a file of JSON for each that ships."""
