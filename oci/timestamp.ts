/**
 * Points in time as RFC 3339 writes them.
 *
 * @module
 */

const DAY = 86_400_000;

/**
 * `time`, milliseconds since 1970, in UTC, as `Date`'s toISOString() gives it:
 * a first `Date` reads the host's time zone and the names of zones, a tenth of
 * a millisecond.
 */
export function timestamp(time: number): string {
  const days = Math.floor(time / DAY);
  const { year, month, day } = date(days);
  const rest = time - days * DAY;
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60]
    .map((value) => two(Math.floor(value))).join(":");
  const milliseconds = String(rest % 1000).padStart(3, "0");
  return `${year}-${two(month)}-${two(day)}T${clock}.${milliseconds}Z`;
}

/** The date of a day, in days since 1970, by the Gregorian calendar. */
function date(days: number) {
  // Years begin in March here: the leap day is a year's last. 400 of them have
  // 146,097 days.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - 365 * yearOfEra - leaps;
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + 400 * era + (month < 3 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}
