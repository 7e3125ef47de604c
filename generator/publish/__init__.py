"""From docs/ to what is published: the site, copies to take along, manifest, and what follows MkDocs."""
