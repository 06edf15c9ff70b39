import { Link } from '@tanstack/react-router'
import { Empty } from '../parts/notice.tsx'

export const NotFound = () => (
  <Empty title="There is no such page">
    <Link to="/functions" className="link">
      To the functions
    </Link>
  </Empty>
)
