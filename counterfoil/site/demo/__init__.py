"""The demonstration operator: Highveld Fibre, some 300 customers, two years, made by the operations staff use."""
