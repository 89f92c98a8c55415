"""Files of other systems: mappings onto the columns of a feed, and proposals of such mappings."""
