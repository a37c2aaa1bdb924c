"""Is a formula the quantity it claims to be, and which smallest change makes it so?"""
