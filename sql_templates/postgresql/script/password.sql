{# From the environment, where it was not given with -v: a command line can be seen by everybody on the machine. #}
\if :{?{{ variable | variable }}}
\else
\getenv {{ variable | variable }} {{ variable | variable }}
\endif
