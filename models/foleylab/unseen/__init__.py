"""Scenes on which nothing is ever trained: doors, fireworks, pinball. They share neither renderer nor sound model with foleylab/data."""
