//! An embedded Backbone for development, tests and small installs
