int nobody_named_this_capability; /* finds: folder */
