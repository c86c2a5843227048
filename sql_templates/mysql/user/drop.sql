DROP USER {{ name | literal }}@{{ host | literal }}
