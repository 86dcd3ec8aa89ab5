"""Recipes: the data and numbers of each training run; a JSON file for each that ships."""
