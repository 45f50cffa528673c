"""Glia keeps Neuron inference services on Amazon ECS the way their YAML in git says."""

__version__ = "0.1.0"
