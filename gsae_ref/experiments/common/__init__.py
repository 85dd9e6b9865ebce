"""What every figure and table uses: studies, cached results, publishing, clustering."""
