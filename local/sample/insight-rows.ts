import { unitOfCustomer } from './business-units.ts';
import { keyColumnsOf, profileIdOf, type UnifiedCustomer } from './key-map.ts';
import type { Row } from './organisation.ts';
import { identityOf } from './people.ts';
import { guidOf, Random } from './random.ts';

/** A unified customer and the person whose data won. */
export interface ProfiledCustomer extends UnifiedCustomer {
  readonly person: number;
}

/** What the customer did, from which everything else about it is told. */
interface History {
  readonly purchases: number;
  readonly totalAmount: number;
  readonly recentPurchases: number;
  readonly supportCases: readonly [month: number, year: number, lifetime: number];
  readonly daysSinceLastClaim: number;
  /** From 0, loyal, to 1, as good as gone. */
  readonly churnScore: number;
}

const historyOf = (seed: number, { customerId }: UnifiedCustomer): History => {
  const random = new Random(seed, 4, Number.parseInt(customerId.slice(0, 8), 16));
  const purchases = random.whole(1, 40);
  const year = random.whole(0, 6);
  return {
    purchases,
    totalAmount: purchases * random.whole(15, 250),
    recentPurchases: Math.min(purchases, random.whole(0, 5)),
    supportCases: [Math.min(year, random.whole(0, 2)), year, year + random.whole(0, 20)],
    daysSinceLastClaim: random.whole(1, 1500),
    churnScore: Math.round(random.next() * 1000) / 1000,
  };
};

const loyaltyTierOf = ({ totalAmount }: History): string => {
  if (totalAmount >= 5000) return 'Platinum';
  if (totalAmount >= 2500) return 'Gold';
  return totalAmount >= 1000 ? 'Silver' : 'Bronze';
};

const churnRiskOf = ({ churnScore }: History): string => {
  if (churnScore >= 0.7) return 'High';
  return churnScore >= 0.4 ? 'Medium' : 'Low';
};

const churnModel = { provider: 'ChurnModel', name: 'SubscriptionChurn' } as const;
const activityTypes = ['Purchase', 'SupportCase', 'WebVisit'] as const;

/** The columns by which a row about a customer is found: its CustomerId and the lookup to its profile. */
const ofCustomer = ({ customerId }: UnifiedCustomer): Row => ({
  msdynci_customerid: customerId,
  msdynci_lookupfield_customer: profileIdOf(customerId),
});

type RowMaker = (seed: number, customer: ProfiledCustomer) => Row[];

const profileRows: RowMaker = (seed, customer) => {
  const identity = identityOf(seed, customer.person);
  const history = historyOf(seed, customer);
  return [
    {
      msdynci_customerprofileid: profileIdOf(customer.customerId),
      msdynci_customerid: customer.customerId,
      msdynci_previouscustomerid: customer.previousCustomerIds.join(';') || null,
      msdynci_firstname: identity.firstName,
      msdynci_lastname: identity.lastName,
      msdynci_fullname: `${identity.firstName} ${identity.lastName}`,
      msdynci_emailaddress: identity.emailAddress,
      msdynci_telephone: identity.telephone,
      msdynci_birthdate: identity.birthDate,
      msdynci_city: identity.city,
      msdynci_country: identity.country,
      msdynci_loyaltytier: loyaltyTierOf(history),
      msdynci_lifetimevalue: history.totalAmount,
      msdynci_churnrisk: churnRiskOf(history),
      msdynci_region: unitOfCustomer(customer.customerId).name,
      ...keyColumnsOf(customer),
    },
  ];
};

const measureRows: RowMaker = (seed, customer) => {
  const history = historyOf(seed, customer);
  const [casesLastMonth, casesLastYear, casesLifetime] = history.supportCases;
  return [
    {
      // Documented: the id of a customer's measures is that of its profile.
      msdynci_customermeasureid: profileIdOf(customer.customerId),
      ...ofCustomer(customer),
      msdynci_measures: JSON.stringify({
        CustomerId: customer.customerId,
        DaysSinceLastClaim: history.daysSinceLastClaim,
        TotalPurchases: history.totalAmount,
        NumberOfPurchasesLastFourMonths: history.recentPurchases,
        SupportCasesLastMonth: casesLastMonth,
        SupportCasesLastYear: casesLastYear,
        SupportCasesLifetime: casesLifetime,
      }),
    },
  ];
};

const lifetimeValueRows: RowMaker = (seed, customer) => {
  const { totalAmount, purchases } = historyOf(seed, customer);
  return [
    {
      msdynci_lifetimevalueid: guidOf(`msdynci_lifetimevalue|${customer.customerId}`),
      ...ofCustomer(customer),
      msdynci_totalamount: totalAmount,
      msdynci_averageamount: totalAmount / purchases,
    },
  ];
};

/** One customer in ten has activities: enough to read, without weighing down an organisation of a million rows. */
const activityRows: RowMaker = (seed, customer) => {
  const random = new Random(seed, 5, Number.parseInt(customer.customerId.slice(0, 8), 16));
  if (!random.chance(0.1)) return [];
  return Array.from({ length: random.whole(1, 3) }, (_, index) => {
    const activityId = guidOf(`msdynci_unifiedactivity|${customer.customerId}|${index}`);
    const type = random.pick(activityTypes);
    const time = new Date(Date.UTC(2025, 0, 1) + random.whole(0, 365 * 86_400) * 1000);
    return {
      msdynci_unifiedactivityid: activityId,
      msdynci_activityid: activityId,
      msdynci_activitytime: time.toISOString().replace('.000', ''),
      msdynci_activitytype: type,
      msdynci_activitytypedisplay: type.replace(/(?<=[a-z])(?=[A-Z])/, ' '),
      msdynci_actualactivityid: `${type}-${random.whole(10_000, 99_999)}`,
      msdynci_entityname: `${type}s`,
      msdynci_rangeindex: time.getTime() / 1000,
      msdynci_semanticdata: JSON.stringify([{ key: 'Amount', value: random.whole(5, 500) }]),
      msdynci_title: `${type} of ${time.toISOString().slice(0, 10)}`,
      ...ofCustomer(customer),
    };
  });
};

const predictionRows: RowMaker = (seed, customer) => {
  const history = historyOf(seed, customer);
  const identifier = `${churnModel.name}|${churnModel.provider}|${customer.customerId}`;
  return [
    {
      msdynci_predictionid: guidOf(`msdynci_prediction|${identifier}`),
      msdynci_identifier: identifier,
      msdynci_modelprovider: churnModel.provider,
      msdynci_model: churnModel.name,
      msdynci_values: JSON.stringify({ ChurnScore: history.churnScore, ChurnRisk: churnRiskOf(history) }),
      ...ofCustomer(customer),
    },
  ];
};

/** Customers who are in no segment have no row. */
const segmentRows: RowMaker = (seed, customer) => {
  const history = historyOf(seed, customer);
  const segments = [
    ...(history.totalAmount >= 5000 ? ['HighValueCustomers'] : []),
    ...(churnRiskOf(history) === 'High' ? ['ChurnRisk'] : []),
  ];
  if (segments.length === 0) return [];
  const identifier = `${customer.customerId}|CustomerInsights|Customer|Segments`;
  return [
    {
      msdynci_segmentmembershipid: guidOf(`msdynci_segmentmembership|${identifier}`),
      msdynci_identifier: identifier,
      msdynci_segmentprovider: 'CustomerInsights',
      msdynci_segmentmembershiptype: 'Customer',
      msdynci_segments: JSON.stringify(segments),
      ...ofCustomer(customer),
    },
  ];
};

/** How Customer Insights fills its tables, all but the key map, for one customer; by logical name. */
export const insightRowMakers: Readonly<Record<string, RowMaker>> = {
  msdynci_customerprofile: profileRows,
  msdynci_customermeasure: measureRows,
  msdynci_lifetimevalue: lifetimeValueRows,
  msdynci_unifiedactivity: activityRows,
  msdynci_prediction: predictionRows,
  msdynci_segmentmembership: segmentRows,
};
