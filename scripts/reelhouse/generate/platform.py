"""The generated platform: what the feeds have in common."""

from __future__ import annotations

REGIONS = ("us-east", "us-west", "eu-west", "eu-central", "ap-south", "ap-northeast", "sa-east")
DEVICE_TYPES = ("tv", "mobile", "web", "tablet", "console")
# Share (percent) of a day's events that begin in each hour, 00 to 23 UTC: the evening is the peak.
PERCENT_BY_HOUR = (2, 2, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 6, 8, 10, 11, 10, 6, 4)
# Saturday and Sunday bring this many times the events of a working day.
WEEKEND_FACTOR = 1.4
