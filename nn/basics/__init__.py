"""What all of ``nn`` stands on: kinds of arrays, checks of numbers, files of arrays, libraries that may be missing."""
