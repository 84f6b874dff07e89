"""What the store keeps, and why; everything else can go."""
