@export()
@description('Tags by name.')
type resourceTags = {
  @description('A tag.')
  *: string
}
