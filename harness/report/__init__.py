"""Records to leaderboards, tables, plots and exports. Never a live object."""
