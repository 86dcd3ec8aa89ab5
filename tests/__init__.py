"""Tests of Fathom; `README.md` says what runs where."""
