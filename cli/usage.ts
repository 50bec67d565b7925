/** Thrown for words that cannot be followed; `message` is for people and says what would do. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const usage = `backstamp <command> [options]

  status                        groups and tasks with their newest status
  runs [--limit N]              runs, newest first (20)
  show <run>                    one run with its tables, reasons and remedies
  run [--mode incremental|full|orphans] [--table T]... [--beyond-limits] [--give-owners] [--wait]
                                start a run; --beyond-limits clears more orphans than the safety limit allows,
                                --give-owners writes owners as the last rehearsal showed them
  rehearse [--table T]... [--wait]
                                see what a run would do; nothing is changed
  cancel <run>                  cancel a run; what was linked stays linked
  rows <run> <table> [--outcome failed|waiting|relinked|cleared|gone|linked|acrossUnits|assigned] [--search TEXT] [--limit N] [--csv]
                                what became of single rows (100)
  profile <table> <id>          the profile behind a row, with its measures, or why there is none
  segments [--refresh]          segments with the business units of their members and owner, and what stands in the
                                way of Dynamics 365 Marketing; --refresh counts anew first
  discover                      read the set-up from the map
  doctor                        check everything that linking needs
  grant --url-dataverse URL --client-id ID... [--writer-id ID...] --table T... [--bypass] [--business-units] [--ownership]
        [--dry-run | --check] [--installation NAME] [--other-holder ID...] [--drop T...]
                                give the identities what the tables take, in the environment itself: a security role for
                                each duty with the least privileges, application users who have them; --writer-id names
                                identities that only write links; --bypass adds what BACKSTAMP_BYPASS needs,
                                --business-units what keeping business units apart does, --ownership that and what
                                seeing to owners does; --dry-run shows the difference, --check ends with 3 where there is
                                one; --installation makes roles of another name; --other-holder lets a user or team
                                hold them too; --drop takes out what a table took that is not linked any more
  grant --print --table T... [--bypass] [--business-units] [--ownership]
                                  list the privileges, for those who give them by hand
  revoke --url-dataverse URL --client-id ID... [--writer-id ID...] [--installation NAME] [--dry-run]
                                take the roles from the identities, and delete them where nobody else holds them

  <run> is a run's id, its first characters, or "latest".

  --url URL    root of the app; else BACKSTAMP_URL, else http://127.0.0.1:7071
  --json       for machines
  --help

The function key comes from BACKSTAMP_KEY, or is asked for; it never stands in an address or among these words.
Where the app signs people in, BACKSTAMP_TOKEN holds your access token for it.
For grant and revoke, DATAVERSE_TOKEN holds an administrator's access token for the environment, or it is asked for.
Ends with 0 when all is well, 1 when the app refuses or does not answer, 2 when the words cannot be followed,
3 when the run failed or was canceled, the doctor found a fault or a check of grant a difference, 4 when there are warnings.`;
