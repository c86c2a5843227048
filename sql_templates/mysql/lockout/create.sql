{# Sessions that are open go on (T55): they are ended next. #}
ALTER USER {{ user | literal }}@{{ host | literal }} ACCOUNT LOCK
