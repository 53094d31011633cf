"""Stories that a fresh platform is filled with: told over the public routes only, as the people of a CRO would."""
