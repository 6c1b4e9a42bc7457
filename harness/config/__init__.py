"""What a run is told: the schema, plug-ins' signatures as options, canonical labels, jobs, readable complaints."""
