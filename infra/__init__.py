"""What surrounds the product: the template that becomes a stack, and the whole system on one machine."""
