"""Public data sets and foreign formats, written as deliveries of a feed."""
