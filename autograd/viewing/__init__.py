"""Everything that turns a graph into something to look at."""
