"""What every figure and table uses: results, finished units of work, publishing, clustering."""
