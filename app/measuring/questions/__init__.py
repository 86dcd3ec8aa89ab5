"""Question sets: the layouts that can be read, and the part of them that is asked."""
