/** What happens to referencing rows when the referenced row is assigned, deleted and so on. */
export type Cascade = Readonly<Record<string, string>>;

/** A one-to-many relationship, one for each target of a lookup column. */
export interface Relationship {
  readonly metadataId: string;
  readonly schemaName: string;
  readonly referencedEntity: string;
  readonly referencedAttribute: string;
  readonly referencingEntity: string;
  readonly referencingAttribute: string;
  /** Navigation property on the referencing table, case-sensitive: what `@odata.bind` and `$expand` name. */
  readonly referencingNavigation: string;
  /** Collection-valued navigation property on the referenced table. */
  readonly referencedNavigation: string;
  readonly cascade: Cascade;
  readonly isCustom: boolean;
}

/** A many-to-many relationship with its pairs. */
export interface ManyToMany {
  readonly schemaName: string;
  readonly left: string;
  readonly right: string;
  /** `<left id>/<right id>` of every pair. */
  readonly pairs: Set<string>;
}

/** The cascade every elastic referenced table demands, and the plain reference we want anywhere. */
export const NO_CASCADE: Cascade = {
  Assign: 'NoCascade',
  Delete: 'NoCascade',
  Archive: 'NoCascade',
  Merge: 'NoCascade',
  Reparent: 'NoCascade',
  Share: 'NoCascade',
  Unshare: 'NoCascade',
  RollupView: 'NoCascade',
};
