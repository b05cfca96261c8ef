int nobody_named_this_folder; /* finds: folder */
