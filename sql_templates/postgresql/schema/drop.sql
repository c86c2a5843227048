{# RESTRICT: a schema with anything in it stays. #}
DROP SCHEMA {{ name | ident }} RESTRICT
