/* The command line: subcommands as rows. Exit statuses are those of base/errors.def: 0 done, 1 refused, 2 usage, 3 not
 * found, 4 configuration or keys, 5 try again later, 6 conflict, 7 denied, 70 internal. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

int cli_main(int argc, char **argv);

#endif
