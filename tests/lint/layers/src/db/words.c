static const char *const sql = "SELECT 1 FROM here_it_is_right";
