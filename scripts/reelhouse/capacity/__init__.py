"""Forecasts of demand, delivered as a feed."""
