"""Neuron objects against the twin."""
