import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { Id, InDynamics } from './parts.tsx';
import type { Actions } from './state.ts';

/** The table of the profiles that links lead to. */
export const profileTable = 'msdynci_customerprofile';

/** Customer and profile, each by its own kind of id: the one is of Customer Insights, the other of the row in Dataverse. */
export const CustomerIds = ({
  customerId,
  profileId,
  organisation,
  actions,
}: {
  readonly customerId: string | undefined;
  readonly profileId: string | undefined;
  readonly organisation: string;
  readonly actions: Actions;
}) =>
  customerId === undefined && profileId === undefined ? (
    <>none</>
  ) : (
    <dl class="ids">
      {customerId === undefined ? undefined : (
        <div>
          <dt>Customer</dt>
          <dd>
            <Id value={customerId} what="customer id" actions={actions} />
          </dd>
        </div>
      )}
      {profileId === undefined ? undefined : (
        <div>
          <dt>Profile</dt>
          <dd>
            <Id value={profileId} what="profile id" actions={actions} />{' '}
            <InDynamics organisation={organisation} table={profileTable} id={profileId} text="Open" />
          </dd>
        </div>
      )}
    </dl>
  );

/** Whom the row belonged to before, where that was told: only a row that was linked had somebody. */
export const customerBefore = ({ previousCustomerId, previousProfileId }: RowOutcome) => ({
  customerId: previousCustomerId,
  profileId: previousProfileId,
});

export const customerNow = ({ customerId, profileId }: RowOutcome) => ({ customerId, profileId });
