"""What tests draw at random: networks, backward passes in NumPy, models of arrays, hand derivations.

`derivations` puts a sheet together from `lines` over the models of `scalars` and `matrices`, and plants one
of the `mistakes`.
"""
