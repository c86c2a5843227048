{# Roles whose rights the step borrows count as the admin's own. -#}
ARRAY[{{ lenders | literals }}]::text[]
