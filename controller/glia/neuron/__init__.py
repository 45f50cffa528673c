"""The Neuron hardware: which instance types there are and what each of them has."""
